package io.loomtunnel.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The flags that a person gave to one command: on the command line, or else in the environment.
final class Arguments {
    private final Command command;
    private final Map<String, String> environment;
    private final List<Flag> given = new ArrayList<>();
    private final List<String> values = new ArrayList<>();     // of `given`, index by index

    private Arguments(Command command, Map<String, String> environment) {
        this.command = command;
        this.environment = environment;
    }

    /// Reads `--flag VALUE`, `--flag=VALUE` and `--switch`.
    /// @param command     whose flags are known
    /// @param words       what follows the command on the command line
    /// @param environment read later, when a flag is asked for
    /// @throws ExitException a flag is unknown, given twice, or without its value; the message never holds a value
    static Arguments parse(Command command, List<String> words, Map<String, String> environment) throws ExitException {
        var arguments = new Arguments(command, environment);
        for (int i = 0; i < words.size(); i++) {
            var word = words.get(i);
            if (word.equals("-h")) word = Flag.HELP.toString();
            if (!word.startsWith("--")) {
                if (word.startsWith("-") || command.operand() == null || arguments.given.contains(command.operand())) throw unexpected(command, word);
                arguments.add(command.operand(), word);
                continue;
            }
            int equals = word.indexOf('=');
            var flag = command.flag(word.substring(2, equals < 0 ? word.length() : equals));
            if (flag.isSwitch()) {
                if (equals >= 0) throw ExitException.usage(flag + " takes no value");
                arguments.add(flag, "");
            } else if (equals >= 0) {
                arguments.add(flag, word.substring(equals + 1));
            } else if (i + 1 < words.size() && !words.get(i + 1).startsWith("--")) {
                arguments.add(flag, words.get(++i));
            } else {
                throw ExitException.usage(flag + " needs a value: " + flag + " " + flag.word());
            }
        }
        return arguments;
    }

    private static ExitException unexpected(Command command, String word) {
        var hint = word.startsWith("-") && word.length() > 1 ? " (flags begin with two dashes)" : "";
        return ExitException.usage("unexpected argument " + Text.printable(word) + hint
                + "; loomtunnel " + command.word() + " --help lists the flags");
    }

    private void add(Flag flag, String value) throws ExitException {
        if (flag.many() == Flag.Many.ONCE && !flag.isSwitch() && given.contains(flag)) {
            throw ExitException.usage(flag + " is given twice");
        }
        if (!flag.isSwitch() && value.isBlank()) throw ExitException.usage(flag + " has an empty value");
        given.add(flag);
        values.add(value);
    }

    /// Whether a switch is on.
    /// @throws ExitException its variable is neither a yes nor a no
    boolean has(Flag flag) throws ExitException {
        if (given.contains(flag)) return true;
        var value = fromEnvironment(flag);
        return switch (value) {
            case "1", "true", "yes", "on" -> true;
            case "", "0", "false", "no", "off" -> false;
            default -> throw ExitException.usage(flag.environmentName() + " must be 1 or 0");
        };
    }

    /// The value of a flag.
    /// @return `otherwise` when it was not given
    String value(Flag flag, String otherwise) {
        int at = given.indexOf(flag);
        var value = at >= 0 ? values.get(at) : fromEnvironment(flag);
        return value.isEmpty() ? otherwise : value;
    }

    /// All values of a flag that may be given often; its variable separates them by commas.
    List<String> values(Flag flag) {
        var all = new ArrayList<String>();
        for (int i = 0; i < given.size(); i++) if (given.get(i).equals(flag)) all.add(values.get(i));
        if (!all.isEmpty()) return all;
        for (var value : fromEnvironment(flag).split(",")) if (!value.isBlank()) all.add(value.strip());
        return all;
    }

    /// Whether the command line itself has the flag: it then goes before any variable.
    boolean onCommandLine(Flag flag) {
        return given.contains(flag);
    }

    /// A variable that is no flag.
    /// @return empty when it is not set
    String variable(String name) {
        return environment.getOrDefault(name, "");
    }

    Command command() {
        return command;
    }

    private String fromEnvironment(Flag flag) {
        var name = command.variable(flag);
        return name.isEmpty() ? "" : variable(name).strip();
    }
}
