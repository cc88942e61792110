// Reads the comment tags and the tag set of a text, once where comments repeat but for request ids.
// Invariant: a remembered answer is the one that sql-comment.ts and tag-set.ts would give; memory is bounded whatever
// comments hold. Comments that never repeat (an id under a key that nobody knows, a tracestate) are not remembered:
// that would cost more than reading them. Not here: what tags prove (attribution/), their counts
// (rollup/tag-rollups.ts).

import { limits } from '../../config/limits.js';
import { CommentSkeleton } from '../attribution/comments/comment-skeleton.js';
import {
  NO_REQUEST,
  REQUEST_VALUE_KEYS,
  type RequestPlaces,
  requestIdsAt,
  requestPlacesOf,
} from '../attribution/comments/request-tags.js';
import {
  type CommentTags,
  isOutside,
  mayHoldTags,
  NO_TAGS,
  readComments,
  textOf,
} from '../attribution/comments/sql-comment.js';
import { tagSetOf, withoutCaller } from '../attribution/comments/tag-set.js';
import { SkeletonCache } from '../fingerprint/skeleton-cache.js';
import type { SqlTokens } from '../sql/tokens.js';

/** Dimensions among the tags, canonical; '' = none. */
interface TagSets {
  readonly tagSet: string;
  /** Of its unit of work: without the caller. */
  readonly unitTagSet: string;
}

export interface TagsOfText extends TagSets {
  readonly tags: CommentTags;
}

const NO_SETS: TagSets = { tagSet: '', unitTagSet: '' };
const UNTAGGED: TagsOfText = Object.freeze({ tags: NO_TAGS, ...NO_SETS });

/** Look-ups in one trial of whether comments repeat … */
const TRIAL = 1_000;
/** … and the share that must be found; with fewer, the next NEXT_TRIAL_AFTER are not looked up. */
const REPEATED_SHARE_MIN = 0.25;
const NEXT_TRIAL_AFTER = 20_000;

/** What comments of one skeleton say, with the values of the first one. */
interface Known extends TagsOfText {
  /** The pair of each marked value. Empty: all comments say the same. */
  readonly pairOf: readonly number[];
  readonly places: RequestPlaces | undefined;
}

export class CommentTagsReader {
  readonly #dimensionKeys: ReadonlySet<string>;
  readonly #skeleton: CommentSkeleton;
  readonly #bySkeleton = new SkeletonCache<Known>({
    entriesMax: limits.commentCacheEntries,
    bytesMax: limits.commentCacheBytes,
  });
  /** Tag sets by their dimensions as written, which repeat even where trace ids differ. */
  readonly #tagSets = new Map<string, TagSets>();
  #looks = 0;
  #hits = 0;
  #unlooked = 0;

  constructor(dimensionKeys: ReadonlySet<string>) {
    this.#dimensionKeys = dimensionKeys;
    this.#skeleton = new CommentSkeleton(REQUEST_VALUE_KEYS.filter((key) => !dimensionKeys.has(key)));
  }

  read(tokens: SqlTokens): TagsOfText {
    if (tokens.commentCount === 0) return UNTAGGED;
    const isAlone = tokens.commentCount === 1 && isOutside(tokens, tokens.commentBeforeToken[0]);
    if (!isAlone || !this.#looksWorthwhile()) return this.#read(tokens);
    if (!mayHoldTags(tokens, 0)) return UNTAGGED;
    const skeleton = this.#skeleton;
    if (!skeleton.read(tokens.bytes, tokens.commentStart[0] + 2, tokens.commentEnd[0] - 2)) return this.#read(tokens);
    const known = this.#bySkeleton.get(skeleton);
    if (known !== undefined) {
      this.#hits++;
      return known.pairOf.length === 0 ? known : this.#withItsValues(known, tokens.bytes);
    }
    return this.#remembered(this.#read(tokens));
  }

  /** Right after the skeleton was read. */
  #remembered(read: TagsOfText): TagsOfText {
    const { items, marked, markedItem } = this.#skeleton;
    const { tags, tagSet, unitTagSet } = read;
    const { pairs } = tags;
    // Of two items with one key the first counts: then a pair is of another item than its place says.
    if (marked > 0 && pairs.length > 0 && pairs.length !== items) return read;
    const pairOf = pairs.length === 0 ? [] : [...markedItem.subarray(0, marked)];
    this.#bySkeleton.set(this.#skeleton, { tags, tagSet, unitTagSet, pairOf, places: requestPlacesOf(pairs) });
    return read;
  }

  #withItsValues({ tags, tagSet, unitTagSet, pairOf, places }: Known, bytes: Uint8Array): TagsOfText {
    const { markedFrom, markedTo } = this.#skeleton;
    const pairs = tags.pairs.slice();
    for (let n = 0; n < pairOf.length; n++) {
      const place = pairOf[n];
      pairs[place] = [pairs[place][0], textOf(bytes, markedFrom[n], markedTo[n])];
    }
    const request = places === undefined ? NO_REQUEST : requestIdsAt(pairs, places);
    const { proof, source, construct } = tags;
    return { tags: { pairs, request, proof, source, construct }, tagSet, unitTagSet };
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
    if (tags === NO_TAGS) return UNTAGGED;
    const { tagSet, unitTagSet } = this.#tagSetsOf(tags);
    return { tags, tagSet, unitTagSet };
  }

  #tagSetsOf(tags: CommentTags): TagSets {
    let written = '';
    for (const [key, value] of tags.pairs)
      if (this.#dimensionKeys.has(key)) written += `${key}=${value.length}:${value}`;
    if (written === '') return NO_SETS;
    let sets = this.#tagSets.get(written);
    if (sets === undefined) {
      const tagSet = tagSetOf(tags, this.#dimensionKeys);
      sets = { tagSet, unitTagSet: withoutCaller(tagSet) };
      if (this.#tagSets.size >= limits.tagSetsMax) this.#tagSets.clear();
      this.#tagSets.set(written, sets);
    }
    return sets;
  }
}
