package io.loomtunnel.cli;

import io.loomtunnel.tunnel.Route;
import io.loomtunnel.tunnel.SessionEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/// Tells the person at the terminal how the link with the server fares: what is served where, and one line for each
/// loss and each return, however many dials lie between them.
final class ClientNews {
    private final Screen screen;
    private final Map<Route, String> targets;
    private final CountDownLatch ended = new CountDownLatch(1);
    private List<String> shown = List.of();        // the lines of the services, as the person last saw them
    private boolean attached;
    private String trouble = "";                   // the last reason shown, until the link is back
    private volatile SessionEvent.Refused refusal;

    ClientNews(Screen screen, Map<Route, String> targets) {
        this.screen = screen;
        this.targets = targets;
    }

    /// Waits until the server, or a proxy on the way, has refused this client for good.
    /// @return its status and reason
    SessionEvent.Refused awaitRefusal() throws InterruptedException {
        ended.await();
        return refusal;
    }

    /// Called for one event at a time.
    void tell(SessionEvent event) {
        switch (event) {
            case SessionEvent.Attached(var routes, var visitors) -> attached(routes, visitors);
            case SessionEvent.Lost(var reason) -> {
                attached = false;
                trouble = reason;
                screen.warn("lost the server (" + Text.printable(reason) + "), attaching again");
            }
            case SessionEvent.Retrying(var reason, var _) -> {
                // A refusal to replace a link that still serves is nobody's trouble.
                if (attached || reason.equals(trouble)) return;
                trouble = reason;
                screen.warn(Text.printable(reason) + ", trying again");
            }
            case SessionEvent.Refused refused -> {
                refusal = refused;
                ended.countDown();
            }
        }
    }

    private void attached(List<Route> routes, List<String> visitors) {
        var lines = new ArrayList<String>();
        for (int i = 0; i < routes.size(); i++) {
            lines.add(address(routes.get(i), i < visitors.size() ? visitors.get(i) : "") + " -> " + target(routes.get(i)));
        }
        if (!lines.equals(shown)) for (var line : lines) screen.say(line);
        else if (!attached) screen.say("attached again");
        shown = lines;
        attached = true;
        trouble = "";
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
