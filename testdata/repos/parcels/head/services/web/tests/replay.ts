export function replay(name: string) {
  return fetch(name).then((r) => r.json());
}
