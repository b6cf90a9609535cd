/// The private side: from a stream of the tunnel to an origin.
package io.loomtunnel.proxy;
