// The chat page. Each module looks after one part; the server's fragments do the rest.
import "./site.js";
import "./socket.js";
import "./sidebar.js";
import "./thread.js";
import "./attachments.js";
import "./composer.js";
import "./scroll.js";
import "./focus.js";
