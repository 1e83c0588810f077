import { replay } from "./replay";

replay("recordings/track.json");
