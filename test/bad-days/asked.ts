/** Long, and so run when it is asked for: LASTHOP_BAD_DAYS=1. */
export const isAsked: boolean = process.env.LASTHOP_BAD_DAYS === "1";
