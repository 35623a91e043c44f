/** Shorter tokens can be guessed where anybody can try: they serve callers of this host only. */
export const STRONG_TOKEN = 16
