package io.loomtunnel.tunnel;

import java.time.Duration;
import java.util.List;

/// What happened to a client's link with one of its servers.
public sealed interface SessionEvent {
    /// The server that it is about.
    /// @return host and port; and the address, where the host is a name with addresses to choose from
    String server();

    /// The routes are served there: for the first time, or again.
    /// @param server   host and port
    /// @param routes   that the server registered
    /// @param visitors a URL for each, or none when the server does not say
    record Attached(String server, List<Route> routes, List<String> visitors) implements SessionEvent {}

    /// The link ended and this server's visitors are not served until the next [Attached].
    /// @param server host and port
    /// @param reason one line
    record Lost(String server, String reason) implements SessionEvent {}

    /// A dial failed, and there will be another.
    /// @param server host and port
    /// @param reason one line
    /// @param pause  until then
    record Retrying(String server, String reason, Duration pause) implements SessionEvent {}

    /// The server's name does not lead there any more: the link ends with its last request.
    /// @param server host and port
    record Left(String server) implements SessionEvent {}

    /// The server will not have us with other routes: those from before stay registered.
    /// @param server host and port
    /// @param status 400, 401, 403 or 426
    /// @param reason one line, the server's
    record Kept(String server, int status, String reason) implements SessionEvent {}

    /// The server will not have us, and will not be dialled again.
    /// @param server host and port
    /// @param status 400, 401, 403 or 426; 407 when it was a proxy on the way
    /// @param reason one line, the server's or the proxy's
    /// @param last   whether no other server is left
    record Refused(String server, int status, String reason, boolean last) implements SessionEvent {}
}
