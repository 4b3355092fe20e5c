// How many columns, and how wide, so that pictures of one shape fill the room.

export function columnsOf(count, shape, width, height) {
  let columns = 1, widest = 0;
  for (let tried = 1; tried <= count; tried++) {
    const wide = Math.min(width / tried, (height / Math.ceil(count / tried)) * shape);
    if (wide > widest + 1) [columns, widest] = [tried, wide];
  }
  return `repeat(${columns}, minmax(0, ${Math.floor(widest)}px))`;
}
