import { track } from "./track";

track(document.getElementById("app")!);
