package io.loomtunnel.cli;

import io.loomtunnel.tunnel.TokenEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// `loomtunnel token create`, `list` and `revoke`: what stands in the file of a server's `--tokens`.
final class TokenCommand {
    private static final String HEAD = "# Tokens of a LoomTunnel server, one a line; loomtunnel token create, list and revoke work on it.\n";
    private static final String NOTHING = "-";

    private final Arguments arguments;
    private final Screen screen;

    TokenCommand(Arguments arguments, Screen screen) {
        this.arguments = arguments;
        this.screen = screen;
    }

    /// Adds a token. Standard output gets the secret and nothing else, so that it can be written to a file.
    /// @throws ExitException the flags make no sense, or the file cannot be changed
    int create() throws ExitException {
        var file = file();
        var secret = TokenEntry.newSecret();
        var entry = TokenRights.entry(arguments, secret, Instant.now());
        TokenEdit.make(file, text -> {
            for (var other : TokenFile.parse(file, text)) {
                if (other.id().equals(entry.id())) {
                    throw ExitException.usage("there is a token " + entry.id() + " already" + (other.isRevoked() ? ", which was revoked" : "")
                            + ": choose another name");
                }
            }
            var before = text.isEmpty() ? HEAD : text.endsWith("\n") ? text : text + "\n";
            return before + entry.line() + "\n";
        });
        screen.say(secret);
        screen.warn("this is the secret of the token " + entry.id() + ", shown only now: give it to the client as " + Token.VARIABLE
                + " or in a file for " + Flag.TOKEN_FILE);
        return ExitException.DONE;
    }

    /// Shows what each token may have.
    /// @throws ExitException the file cannot be read
    int list() throws ExitException {
        var rows = new ArrayList<List<String>>();
        rows.add(List.of("ID", "STATE", "HOSTS", "TCP", "CONNECTIONS", "STREAMS", "EXPIRES"));
        var now = Instant.now();
        for (var entry : TokenFile.read(file())) {
            rows.add(List.of(entry.id(), state(entry, now), names(entry.hosts()), names(entry.tcp()), number(entry.connections()),
                    number(entry.streams()), entry.expires().equals(Instant.MAX) ? "never" : entry.expires().toString()));
        }
        for (var row : rows) screen.say(line(row, rows));
        return ExitException.DONE;
    }

    /// Marks a token as revoked: its line stays, so that its clients are told why.
    /// @throws ExitException there is none of this name, or the file cannot be changed
    int revoke() throws ExitException {
        var file = file();
        var id = arguments.value(TokenRights.ID, "");
        if (id.isEmpty()) throw ExitException.usage("which token? loomtunnel token revoke NAME (loomtunnel token list shows them)");
        TokenEdit.change(file, text -> revoked(file, text, id));
        screen.say("revoked: " + id);
        return ExitException.DONE;
    }

    private static String revoked(String file, String text, String id) throws ExitException {
        var nearest = new Nearest(id);
        boolean found = false;
        for (var entry : TokenFile.parse(file, text)) {
            nearest.consider(entry.id());
            found |= entry.id().equals(id);
        }
        if (!found) throw ExitException.usage("there is no token " + Text.printable(id) + nearest.suggestion(""));
        var lines = text.split("\n", -1);
        for (int i = 0; i < lines.length; i++) {
            if (TokenEntry.isComment(lines[i])) continue;
            var entry = TokenEntry.parse(lines[i]);
            if (entry.id().equals(id)) lines[i] = entry.revoked(Instant.now()).line();
        }
        return String.join("\n", lines);
    }

    private String file() throws ExitException {
        var file = arguments.value(Flag.TOKENS, "");
        if (file.isEmpty()) throw ExitException.usage("in which file? add " + Flag.TOKENS + " " + Flag.TOKENS.word() + ", the one that the server has");
        return file;
    }

    private static String state(TokenEntry entry, Instant now) {
        if (entry.isRevoked()) return "revoked";
        return entry.ended(now).isEmpty() ? "good" : "expired";
    }

    private static String names(List<String> names) {
        return names.isEmpty() ? NOTHING : String.join(",", names);
    }

    private static String number(int limit) {
        return limit == TokenEntry.UNLIMITED ? NOTHING : Integer.toString(limit);
    }

    private static String line(List<String> row, List<List<String>> rows) {
        var line = new StringBuilder();
        for (int i = 0; i < row.size(); i++) {
            int column = i;
            int width = rows.stream().mapToInt(other -> other.get(column).length()).max().orElse(0);
            line.append(row.get(i)).repeat(' ', i + 1 < row.size() ? width - row.get(i).length() + 2 : 0);
        }
        return line.toString();
    }
}
