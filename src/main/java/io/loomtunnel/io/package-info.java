/// What a two-way byte stream is, and how long one waits for it.
package io.loomtunnel.io;
