/** Why a release must not go on, for the person who made it. */
export class Refusal extends Error {}
