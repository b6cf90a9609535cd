/// The public side: from a visitor's host name to a tunnel.
package io.loomtunnel.ingress;
