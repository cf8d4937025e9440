import{j as r}from"/assets/chunk-I4CK7OL5.js";r();
