/** What is used of the package: importing it as a whole at run time would bundle its editor too. */
export { confirm, password } from '@inquirer/prompts'
