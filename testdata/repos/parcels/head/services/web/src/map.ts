export async function map(root: HTMLElement) {
  const depots = await fetch("/map/depots.geojson").then((r) => r.json());
  root.append(`${depots.features.length} depots`);
}
