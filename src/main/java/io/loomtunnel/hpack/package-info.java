/// Field compression (RFC 7541).
package io.loomtunnel.hpack;
