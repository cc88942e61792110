// Opens places for a question about a part of a fleet: those that fit, each as far as it does.
// Invariant: a service, an environment or an instance that no place has seen is refused with those that were.
// Not here: places (place.ts), flags (read-flags.ts).

import { fitsIdentity, type IdentityFilter } from '../../facts/fleet/identity.js';
import { checkIdentity } from '../../reports/groups/seen-identities.js';
import { mergedPlace } from './merged-place.js';
import { openEach, type Place, type PlaceNames } from './place.js';

/** As openPlaces. Throws UsageError for what was never seen. */
export async function openNarrowed(names: PlaceNames, filter: IdentityFilter): Promise<Place> {
  const places = await openEach(names);
  try {
    const seen = await Promise.all(
      places.map(async (place) => {
        const { identities } = await place.seen();
        return { place, identities };
      }),
    );
    checkIdentity(
      filter,
      seen.flatMap(({ identities }) => identities),
    );
    const fitting = seen.filter(({ identities }) => identities.some((identity) => fitsIdentity(identity, filter)));
    for (const { place } of seen.filter((one) => !fitting.includes(one))) place.close();
    return mergedPlace(fitting.map(({ place }) => place.within(filter)));
  } catch (error) {
    for (const place of places) place.close();
    throw error;
  }
}
