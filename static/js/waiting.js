// A page that waits for something: asked for again until it is there. A reload keeps the fragment,
// where a refresh in the head would only go to it.
import "./site.js";

location.reload();
