import{k as r}from"/assets/chunk-WTHYRHVJ.js";r();
