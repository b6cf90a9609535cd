package io.loomtunnel.cli;

import io.loomtunnel.tunnel.Route;
import io.loomtunnel.tunnel.SessionEvent;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/// Tells the person at the terminal how the link with the server fares: what is served where, and one line for each
/// loss and each return, however many dials lie between them.
final class ClientNews {
    private final Screen screen;
    private final Map<Route, String> targets = new ConcurrentHashMap<>();      // those of before, too
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Set<String> shown = new HashSet<>();          // the lines of the services that the person has seen
    private final Set<String> known = new HashSet<>();          // servers that were attached to before
    private final Set<String> up = new HashSet<>();             // that are now
    private final Map<String, String> trouble = new HashMap<>();        // by server: the last reason shown, until the link is back
    private volatile boolean changing;             // the person waits for the server's answer to it
    private volatile SessionEvent.Refused refusal;

    ClientNews(Screen screen) {
        this.screen = screen;
    }

    /// Services come, or change.
    /// @param more where each route leads
    void expect(Map<Route, String> more) {
        targets.putAll(more);
        changing = true;
    }

    /// Waits until the server, or a proxy on the way, has refused this client for good.
    /// @return its status and reason
    SessionEvent.Refused awaitRefusal() throws InterruptedException {
        ended.await();
        return refusal;
    }

    /// Called for one event at a time.
    void tell(SessionEvent event) {
        var server = event.server();
        switch (event) {
            case SessionEvent.Attached(var _, var routes, var visitors) -> attached(server, routes, visitors);
            case SessionEvent.Lost(var _, var reason) -> {
                up.remove(server);
                trouble.put(server, reason);
                screen.warn("lost " + named(server) + " (" + Text.printable(reason) + "), attaching again");
            }
            case SessionEvent.Retrying(var _, var reason, var _) -> {
                // A refusal to replace a link that still serves is nobody's trouble.
                if (up.contains(server) && !changing || reason.equals(trouble.put(server, reason))) return;
                screen.warn(Text.printable(reason) + ", trying again");
            }
            case SessionEvent.Left _ -> {
                up.remove(server);
                trouble.remove(server);
                if (known.remove(server)) screen.say("no longer attached to " + server + ": the name does not lead there any more");
            }
            case SessionEvent.Kept(var _, var _, var reason) -> {
                changing = false;
                screen.warn(named(server) + " refuses the change (" + Text.printable(reason) + "): the hosts and services from before stay registered");
            }
            case SessionEvent.Refused refused -> {
                if (!refused.last()) {
                    screen.warn(server + " refused this client: " + Text.printable(refused.reason()));
                    return;
                }
                refusal = refused;
                ended.countDown();
            }
        }
    }

    private void attached(String server, List<Route> routes, List<String> visitors) {
        boolean again = !known.add(server);
        boolean news = false;
        for (int i = 0; i < routes.size(); i++) {
            var line = address(routes.get(i), i < visitors.size() ? visitors.get(i) : "") + " -> " + target(routes.get(i));
            if (!shown.add(line)) continue;
            screen.say(line);
            news = true;
        }
        boolean back = up.add(server) && again;
        if (back && !news) screen.say(known.size() == 1 ? "attached again" : "attached again to " + server);
        else if (!again && known.size() > 1) screen.say("attached to " + server + ", too");
        changing = false;
        trouble.remove(server);
    }

    private String named(String server) {
        return known.size() <= 1 ? "the server" : server;
    }

    private static String address(Route route, String visitor) {
        if (visitor.isEmpty()) return route.equals(Route.CATCH_ALL) ? "every other host" : route.toString();
        var clean = Text.printable(visitor);
        return clean.endsWith("/") ? clean.substring(0, clean.length() - 1) : clean;
    }

    private String target(Route route) {
        var target = targets.get(route);
        if (target == null) throw new IllegalStateException("the server registered " + route + ", which nobody asked for");
        return target;
    }
}
