// What has to be known before a program, or a test, replaces or changes it: it is noted when the package is imported, however
// late the rest is loaded.
import '../node/initial-servers.js';
import '../node/original-lookup.js';
import '../rx/real-time.js';
import '../stand-in/natives.js';
