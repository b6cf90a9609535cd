package io.loomtunnel.tunnel;

import io.loomtunnel.http.MalformedMessageException;
import io.loomtunnel.tunnel.StructuredItem.Value;

/// What a client has its programs asked for: the field `LoomTunnel-Health`.
public final class HealthPath {
    /// No checks.
    public static final String NONE = "";
    private static final int LONGEST = 1_024;

    private HealthPath() {}

    /// A path as it was configured.
    /// @param path with a query, if wanted; empty for no checks
    /// @return the same
    /// @throws IllegalArgumentException it is none; the message says so
    public static String checked(String path) {
        if (path.isEmpty()) return NONE;
        boolean fits = path.charAt(0) == '/' && path.length() <= LONGEST;
        for (int i = 0; i < path.length(); i++) fits &= path.charAt(i) > ' ' && path.charAt(i) <= '~' && path.charAt(i) != '#';
        if (!fits) throw new IllegalArgumentException("no path to ask for: " + path);
        return path;
    }

    /// Reads the field.
    /// @param field null when there is none
    /// @throws MalformedMessageException (400) it holds no path
    static String parse(String field) throws MalformedMessageException {
        if (field == null) return NONE;
        var members = StructuredParser.list(field);
        if (members.size() == 1 && members.getFirst().value() instanceof Value.Text(var path) && !path.isEmpty()) {
            try {
                return checked(path);
            } catch (IllegalArgumentException _) {
                // as if it were no string
            }
        }
        throw new MalformedMessageException("LoomTunnel-Health is no path");
    }

    /// Writes the field.
    static String field(String path) {
        return StructuredItem.text(path).toString();
    }
}
