/** The dashboard's, wherever one is tested. */
export const PASSWORD = 'correct horse battery'
