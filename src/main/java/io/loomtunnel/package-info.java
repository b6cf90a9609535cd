/// A reverse tunnel for the JVM: a program on a private port, reached at a public one.
///
/// [io.loomtunnel.TunnelServer] is the public side, [io.loomtunnel.TunnelClient] the private one. Both are made of
/// nothing but the public parts, each of which is usable alone: the registry and the handshake in
/// [io.loomtunnel.tunnel], the visitors' port in [io.loomtunnel.ingress], the way to the origin in
/// [io.loomtunnel.proxy] and [io.loomtunnel.pool].
/// ```java
/// try (var server = TunnelServer.builder().bind(7835).http(8080).token(secret).start();
///      var client = TunnelClient.builder().server("127.0.0.1", 7835).token(secret)
///              .http("app.example.com", URI.create("http://127.0.0.1:3000")).start()) { … }
/// ```
package io.loomtunnel;
