// Opens the place that reports are read from: a data directory, a running sidecar, or several.
// Invariant: an answer has the same shape and the same percentiles wherever it is read; histograms are merged, never
// averaged. A kind of place is imported only where one is named.
// Not here: the places (local-place.ts, remote-place.ts), flags (read-flags.ts), printing (cli/views).

import type { Place } from './readable-place.js';

export type { Place } from './readable-place.js';

export interface PlaceNames {
  /** clickhouse://… */
  readonly stores?: readonly string[];
  readonly directories: readonly string[];
  readonly urls: readonly URL[];
  readonly token?: string;
}

/** Needs at least one name. Throws StoreError for a directory without a store. */
export async function openPlaces(names: PlaceNames): Promise<Place> {
  const places = await openEach(names);
  return places.length === 1 ? places[0] : (await import('./merged-place.js')).mergedPlace(places);
}

/** As openPlaces, each by itself. */
export async function openEach({ directories, stores = [], urls, token }: PlaceNames): Promise<Place[]> {
  const places: Place[] = [];
  try {
    for (const directory of directories) places.push(await openDirectory(directory));
    for (const store of stores) places.push(await openStore(store));
  } catch (error) {
    for (const place of places) place.close();
    throw error;
  }
  if (urls.length === 0) return places;
  const { remotePlace } = await import('./remote-place.js');
  for (const url of urls) places.push(remotePlace(url, token));
  return places;
}

async function openDirectory(directory: string): Promise<Place> {
  const { openReader } = await import('../../storage/sqlite/read/reader.js');
  const { localPlace } = await import('./local-place.js');
  return localPlace(directory, openReader(directory));
}

async function openStore(store: string): Promise<Place> {
  const { openFleetStore } = await import('../../reports/questions/fleet-store.js');
  const { localPlace } = await import('./local-place.js');
  const reader = openFleetStore(store);
  return localPlace(reader.place, reader);
}
