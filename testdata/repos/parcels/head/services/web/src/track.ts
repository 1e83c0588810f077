export async function track(root: HTMLElement) {
  const parcel = await fetch("/api/parcels/latest").then((r) => r.json());
  root.textContent = `${parcel.id}: ${parcel.state}`;
}
