/// What a two-way byte stream is, how bytes pass from one to another, and how long one waits for them.
package io.loomtunnel.io;
