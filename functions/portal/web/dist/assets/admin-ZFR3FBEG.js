import{l as r}from"/assets/chunk-CQRGAVHX.js";r();
