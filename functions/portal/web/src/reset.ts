import { dress } from "./page";

dress();
