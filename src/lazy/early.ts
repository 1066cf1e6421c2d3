// These modules record values that a program or a test may replace later. They are loaded with the package, however late the rest
// is loaded.
import '../node/initial-servers.js';
import '../node/original-lookup.js';
import '../rx/real-time.js';
import '../stand-in/natives.js';
