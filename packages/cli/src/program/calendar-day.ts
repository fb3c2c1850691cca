/** Whether a calendar has a day such as `2027-02-28`: JavaScript takes the 30th of February for the 2nd of March. */
export function isCalendarDay(day: string): boolean {
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}
