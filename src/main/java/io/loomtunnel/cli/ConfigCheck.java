package io.loomtunnel.cli;

import io.loomtunnel.ingress.AddressRange;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/// Looks at a configuration file line by line, so that a person hears of all mistakes at once, each with its line.
final class ConfigCheck {
    private static final Endpoint SOMEWHERE = new Endpoint("127.0.0.1", 1);

    private ConfigCheck() {}

    /// The command that a file is for: only a client has a server.
    static Command command(ConfigFile file) {
        for (var entry : file.entries()) if (entry.key().equals(Flag.SERVER.name())) return Command.CLIENT;
        return Command.SERVER;
    }

    /// What is wrong with a file, by itself.
    /// @return a message for each line; none when each makes sense
    static List<String> problems(ConfigFile file, Command command) {
        var problems = new ArrayList<String>();
        var seen = new HashSet<String>();
        for (var entry : file.entries()) {
            try {
                var flag = flag(command, entry.key());
                if (!seen.add(entry.key()) && flag.many() == Flag.Many.ONCE) throw ExitException.usage(entry.key() + " is there twice");
                if (entry.value().isEmpty()) throw ExitException.usage(entry.key() + " has no value");
                if (flag.many() == Flag.Many.ONCE) value(flag, entry.value());
                else for (var value : new ConfigFile(file.file(), List.of(entry)).values(flag)) value(flag, value);
            } catch (ExitException e) {
                problems.add(file.at(entry, e.getMessage()));
            }
        }
        return problems;
    }

    /// The flag that a key stands for.
    /// @throws ExitException the command has none, or it cannot stand in a file
    private static Flag flag(Command command, String key) throws ExitException {
        if (key.equals("token")) throw ExitException.usage("a token does not stand here: name its file by token-file, or set " + Token.VARIABLE);
        var nearest = new Nearest(key);
        for (var flags : List.of(command.flags(), command.limits())) {
            for (var flag : flags) {
                if (flag.equals(Flag.CONFIG) || flag.equals(Flag.HELP)) continue;
                if (flag.name().equals(key)) return flag;
                nearest.consider(flag.name());
            }
        }
        throw ExitException.usage("unknown key " + Text.printable(key) + nearest.suggestion("") + " (loomtunnel " + command.word() + " --help lists the flags)");
    }

    /// A value by itself, as far as its kind says what it must be.
    private static void value(Flag flag, String value) throws ExitException {
        var what = flag.toString();
        if (flag.isSwitch()) Arguments.yes(value, flag.name());
        else if (flag.equals(Flag.TCP)) Endpoint.parse(TcpService.Named.parse(what, value, "ADDR").value(), what, SOMEWHERE);
        else if (flag.equals(Flag.SERVICE)) Service.parse(value);
        // Commas have separated an option from what it belongs to.
        else if (flag.equals(Flag.TCP_SERVICE) && !value.startsWith("proxy=v")) TcpService.parse(value);
        else if (flag.equals(Flag.TRUST_PROXY)) range(value, what);
        else unit(flag.word(), value, what);
    }

    private static void unit(String word, String value, String what) throws ExitException {
        switch (word) {
            case "ADDR" -> Endpoint.parse(value, what, SOMEWHERE);
            case "TIME" -> {
                if (!value.equals(Quantity.OFF)) Quantity.time(value, what);
            }
            case "SIZE" -> {
                if (!value.equals(Quantity.OFF)) Quantity.bytes(value, what);
            }
            case "N" -> Quantity.count(value, what, 0);
            case "FILE" -> readable(value, what);
            default -> { }
        }
    }

    private static void range(String value, String what) throws ExitException {
        try {
            AddressRange.of(value);
        } catch (IllegalArgumentException e) {
            throw ExitException.usage(what + ": " + Text.reason(e), e);
        }
    }

    private static void readable(String file, String what) throws ExitException {
        try {
            if (Files.isReadable(Path.of(file))) return;
        } catch (InvalidPathException _) {
            // said below
        }
        throw ExitException.usage(what + " " + Text.printable(file) + ": there is no such file, or it cannot be read");
    }
}
