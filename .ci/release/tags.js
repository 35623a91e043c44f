import { isPreRelease } from './version.js'

/** The image's names to push. A pre-release does not become what `latest` gives. */
export function tags(image, version) {
  const own = `${image}:${version}`
  return isPreRelease(version) ? [own] : [own, `${image}:latest`]
}
