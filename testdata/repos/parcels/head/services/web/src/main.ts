import { map } from "./map";
import { track } from "./track";

const app = document.getElementById("app")!;
track(app);
map(app);
