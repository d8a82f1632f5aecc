/** A figure that is compared with the baseline. */
export interface Checked {
  name: string
  value: number
  /** How often the value of the baseline it may be: 1 for what is counted, more for what is measured. */
  room: number
}

export const exactly = (name: string, value: number): Checked => ({ name, value, room: 1 })

export const about = (name: string, value: number, room: number): Checked => ({
  name,
  // Three digits are more than a run can tell.
  value: Number(value.toPrecision(3)),
  room
})
