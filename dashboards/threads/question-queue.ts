// Lines up the API's questions for the thread of reports, which answers one after the other.
// Invariant: a question is worked on only while somebody waits for its answer when its turn comes; equal ones share
// an answer; at most `waitingMax` wait, and none for longer than `waitMs`.
// Not here: the thread (reports-thread.ts). A report that has begun is made to its end: SQLite reads it in one piece.

import { limits } from '../../config/limits.js';
import { type Answer, notNow } from '../http/answer.js';

export interface QuestionQueueOptions {
  /** Asks the thread. Rejects only because of a defect of pgwitness. */
  readonly ask: (url: string) => Promise<Answer>;
  /** Questions with the thread at one time. */
  readonly atOnce?: number;
  readonly waitingMax?: number;
  readonly waitMs?: number;
}

interface Asker {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

interface Question {
  readonly url: string;
  readonly askers: Set<Asker>;
}

export class QuestionQueue {
  readonly #options: Required<QuestionQueueOptions>;
  /** Those that wait and those that are asked, by path and query. */
  readonly #questions = new Map<string, Question>();
  /** In the order in which they came. */
  readonly #waiting = new Set<Question>();
  #asked = 0;

  constructor(options: QuestionQueueOptions) {
    const { atOnce = 1, waitingMax = limits.questionsWaitingMax, waitMs = limits.questionWaitMs, ask } = options;
    this.#options = { ask, atOnce, waitingMax, waitMs };
  }

  /**
   * `url`: path and query as sent; `gone` is aborted when nobody waits for the answer any more. Rejects with what `ask`
   * rejects with.
   */
  answer(url: string, gone?: AbortSignal): Promise<Answer> {
    const known = this.#questions.get(url);
    if (known === undefined && this.#waiting.size >= this.#options.waitingMax) return Promise.resolve(busy());
    const question = known ?? this.#add(url);
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        gone?.removeEventListener('abort', give);
        this.#leave(question, asker);
      };
      const asker: Asker = {
        resolve(answer) {
          end();
          resolve(answer);
        },
        reject(error) {
          end();
          reject(error);
        },
      };
      const give = () => asker.resolve(busy());
      const timer = setTimeout(() => {
        if (this.#waiting.has(question)) give();
      }, this.#options.waitMs);
      gone?.addEventListener('abort', give);
      question.askers.add(asker);
      if (gone?.aborted) give();
      this.#askNext();
    });
  }

  #add(url: string): Question {
    const question: Question = { url, askers: new Set() };
    this.#questions.set(url, question);
    this.#waiting.add(question);
    return question;
  }

  #leave(question: Question, asker: Asker): void {
    question.askers.delete(asker);
    if (question.askers.size > 0 || !this.#waiting.delete(question)) return;
    this.#questions.delete(question.url);
  }

  #askNext(): void {
    const [question] = this.#waiting;
    if (question === undefined || this.#asked >= this.#options.atOnce) return;
    this.#waiting.delete(question);
    this.#asked++;
    this.#options.ask(question.url).then(
      (answer) => this.#end(question, (asker) => asker.resolve(answer)),
      (error: unknown) => this.#end(question, (asker) => asker.reject(error)),
    );
  }

  #end({ url, askers }: Question, tell: (asker: Asker) => void): void {
    this.#asked--;
    this.#questions.delete(url);
    for (const asker of [...askers]) tell(asker);
    this.#askNext();
  }
}

function busy(): Answer {
  return notNow(
    { error: 'too many reports are asked for', hint: 'ask again later, or for a shorter time' },
    limits.questionAgainSeconds,
  );
}
