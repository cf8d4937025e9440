import{j as r}from"/assets/chunk-CTYWGJX2.js";r();
