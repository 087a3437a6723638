/** `1 packet`, `2 packets`: English counts. */
export const many = (n: number, one: string, several = `${one}s`): string => `${n} ${n === 1 ? one : several}`;
