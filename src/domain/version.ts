/**
 * One state of one creation of a result. An id can be deleted and created again, and then reach a revision that
 * somebody knows already: only both together say what a caller knows. Versions of one id are ordered, by incarnation
 * and then by revision.
 */
export interface Version {
  incarnation: number;
  revision: number;
}

/** The version that somebody knows who knows nothing. It is older than all others. */
export const NO_VERSION: Version = { incarnation: 0, revision: 0 };

/** The version of a change when nobody knows how far it went. It is newer than all others. */
export const UNKNOWN_VERSION: Version = {
  incarnation: Number.POSITIVE_INFINITY,
  revision: Number.POSITIVE_INFINITY,
};

export function isNewer(version: Version, than: Version): boolean {
  if (version.incarnation !== than.incarnation) return version.incarnation > than.incarnation;
  return version.revision > than.revision;
}

export function isSameVersion(a: Version, b: Version): boolean {
  return a.incarnation === b.incarnation && a.revision === b.revision;
}

/** Only the version of something that has more to it. */
export function versionOf({ incarnation, revision }: Version): Version {
  return { incarnation, revision };
}
