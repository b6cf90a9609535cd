package io.loomtunnel.tunnel;

import java.time.Duration;
import java.util.List;

/// What happened to a client's link with its server.
public sealed interface SessionEvent {
    /// The routes are served: for the first time, or again.
    /// @param routes   that the server registered
    /// @param visitors a URL for each, or none when the server does not say
    record Attached(List<Route> routes, List<String> visitors) implements SessionEvent {}

    /// The link ended and visitors are not served until the next [Attached].
    /// @param reason one line
    record Lost(String reason) implements SessionEvent {}

    /// A dial failed, and there will be another.
    /// @param reason one line
    /// @param pause  until then
    record Retrying(String reason, Duration pause) implements SessionEvent {}

    /// The server will not have us, and there will be no other dial.
    /// @param status 400, 401, 403 or 426; 407 when it was a proxy on the way
    /// @param reason one line, the server's or the proxy's
    record Refused(int status, String reason) implements SessionEvent {}
}
