/// Numbers, lines and limits in a byte stream. Knows no protocol.
package io.loomtunnel.bytes;
