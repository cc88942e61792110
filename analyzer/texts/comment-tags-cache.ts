// Reads the comment tags and the tag set of a text, once per comment where comments repeat.
// Invariant: a remembered answer is the one that sql-comment.ts and tag-set.ts would give; memory is bounded whatever
// comments hold. Comments that never repeat (a trace id in each) are not remembered: that would cost more than reading
// them. Not here: what tags prove (attribution/), their counts (rollup/tag-rollups.ts).

import { limits } from '../../config/limits.js';
import {
  type CommentTags,
  commentText,
  isOutside,
  NO_TAGS,
  readComments,
} from '../attribution/comments/sql-comment.js';
import { tagSetOf } from '../attribution/comments/tag-set.js';
import { IdentityCache } from '../fingerprint/identity-cache.js';
import type { SqlTokens } from '../sql/tokens.js';

export interface TagsOfText {
  readonly tags: CommentTags;
  /** Dimensions among the tags, canonical; '' = none. */
  readonly tagSet: string;
}

const UNTAGGED: TagsOfText = Object.freeze({ tags: NO_TAGS, tagSet: '' });

/** Look-ups in one trial of whether comments repeat … */
const TRIAL = 1_000;
/** … and the share that must be found; with fewer, the next NEXT_TRIAL_AFTER are not looked up. */
const REPEATED_SHARE_MIN = 0.25;
const NEXT_TRIAL_AFTER = 20_000;
/** Size of an entry's objects, beside its strings. */
const ENTRY_BYTES = 1_000;

export class CommentTagsReader {
  readonly #dimensionKeys: ReadonlySet<string>;
  readonly #byComment = new IdentityCache<TagsOfText>({
    entriesMax: limits.commentCacheEntries,
    bytesMax: limits.commentCacheBytes,
  });
  /** Tag sets by their dimensions as written, which repeat even where trace ids differ. */
  readonly #tagSets = new Map<string, string>();
  #looks = 0;
  #hits = 0;
  #unlooked = 0;

  constructor(dimensionKeys: ReadonlySet<string>) {
    this.#dimensionKeys = dimensionKeys;
  }

  read(tokens: SqlTokens): TagsOfText {
    if (tokens.commentCount === 0) return UNTAGGED;
    const isAlone = tokens.commentCount === 1 && isOutside(tokens, tokens.commentBeforeToken[0]);
    if (!isAlone || !this.#looksWorthwhile()) return this.#read(tokens);
    const text = commentText(tokens, 0);
    if (text === '') return UNTAGGED;
    let known = this.#byComment.get(text);
    if (known !== undefined) {
      this.#hits++;
      return known;
    }
    known = this.#read(tokens);
    this.#byComment.set(text, known, 4 * text.length + ENTRY_BYTES);
    return known;
  }

  #looksWorthwhile(): boolean {
    if (this.#unlooked > 0) {
      this.#unlooked--;
      return false;
    }
    if (++this.#looks === TRIAL) {
      if (this.#hits < TRIAL * REPEATED_SHARE_MIN) this.#unlooked = NEXT_TRIAL_AFTER;
      this.#looks = 0;
      this.#hits = 0;
    }
    return true;
  }

  #read(tokens: SqlTokens): TagsOfText {
    const tags = readComments(tokens);
    return tags === NO_TAGS ? UNTAGGED : { tags, tagSet: this.#tagSetOf(tags) };
  }

  #tagSetOf(tags: CommentTags): string {
    let written = '';
    for (const [key, value] of tags.pairs) if (this.#dimensionKeys.has(key)) written += `${key}\0${value}\0`;
    if (written === '') return '';
    let set = this.#tagSets.get(written);
    if (set === undefined) {
      set = tagSetOf(tags, this.#dimensionKeys);
      if (this.#tagSets.size >= limits.tagSetsMax) this.#tagSets.clear();
      this.#tagSets.set(written, set);
    }
    return set;
  }
}
