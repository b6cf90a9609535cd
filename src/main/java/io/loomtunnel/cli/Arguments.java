package io.loomtunnel.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The flags that a person gave to one command: on the command line, or else in the environment, or else in a configuration file.
final class Arguments {
    private final Command command;
    private final Map<String, String> environment;
    private final ConfigFile config;
    private final FileStamp stamp;                             // of the file, from before it was read
    private final List<Flag> given = new ArrayList<>();
    private final List<String> values = new ArrayList<>();     // of `given`, index by index

    private Arguments(Command command, Map<String, String> environment, ConfigFile config, FileStamp stamp) {
        this.command = command;
        this.environment = environment;
        this.config = config;
        this.stamp = stamp;
    }

    /// Those of a configuration file alone.
    static Arguments of(Command command, ConfigFile config) {
        return new Arguments(command, Map.of(), config, null);
    }

    /// The same with another configuration file.
    /// @param stamp of the file, from before it was read
    Arguments with(ConfigFile next, FileStamp stamp) {
        var arguments = new Arguments(command, environment, next, stamp);
        arguments.given.addAll(given);
        arguments.values.addAll(values);
        return arguments;
    }

    /// The same with what the file of `--config` says, if there is one.
    /// @throws ExitException it cannot be read, or says what makes no sense; with the number of the first such line
    Arguments configured() throws ExitException {
        var file = command.flags().contains(Flag.CONFIG) ? value(Flag.CONFIG, "") : "";
        if (file.isEmpty()) return this;
        var before = FileStamp.of(file);
        var read = ConfigFile.read(file);
        var problems = ConfigCheck.problems(read, command);
        if (problems.isEmpty()) return with(read, before);
        int more = problems.size() - 1;
        throw ExitException.usage(problems.getFirst() + (more == 0 ? "" : " (and " + more + " more: loomtunnel check lists them)"));
    }

    /// The configuration file; [ConfigFile#NONE] without one.
    ConfigFile config() {
        return config;
    }

    /// What the file was like before it was read.
    FileStamp stamp() {
        return stamp;
    }

    /// Reads `--flag VALUE`, `--flag=VALUE` and `--switch`.
    /// @param command     whose flags are known
    /// @param words       what follows the command on the command line
    /// @param environment read later, when a flag is asked for
    /// @throws ExitException a flag is unknown, given twice, or without its value; the message never holds a value
    static Arguments parse(Command command, List<String> words, Map<String, String> environment) throws ExitException {
        var arguments = new Arguments(command, environment, ConfigFile.NONE, null);
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
        var variable = fromEnvironment(flag);
        if (!variable.isEmpty()) return yes(variable, flag.environmentName());
        var inFile = config.values(flag);
        return !inFile.isEmpty() && yes(inFile.getFirst(), flag.name());
    }

    /// Reads a yes or a no.
    /// @param what names it in a message
    /// @throws ExitException it is neither
    static boolean yes(String text, String what) throws ExitException {
        return switch (text) {
            case "1", "true", "yes", "on" -> true;
            case "0", "false", "no", "off" -> false;
            default -> throw ExitException.usage(what + " must be 1 or 0");
        };
    }

    /// The value of a flag.
    /// @return `otherwise` when it was not given
    String value(Flag flag, String otherwise) {
        int at = given.indexOf(flag);
        var value = at >= 0 ? values.get(at) : fromEnvironment(flag);
        if (!value.isEmpty()) return value;
        var inFile = config.values(flag);
        return inFile.isEmpty() ? otherwise : inFile.getFirst();
    }

    /// All values of a flag that may be given often; its variable separates them by commas.
    List<String> values(Flag flag) {
        var all = new ArrayList<String>();
        for (int i = 0; i < given.size(); i++) if (given.get(i).equals(flag)) all.add(values.get(i));
        if (!all.isEmpty()) return all;
        for (var value : fromEnvironment(flag).split(",")) if (!value.isBlank()) all.add(value.strip());
        return all.isEmpty() ? config.values(flag) : all;
    }

    /// What there is of a flag, whichever kind it is: for comparing.
    List<String> all(Flag flag) {
        return given.contains(flag) && flag.isSwitch() ? List.of("1") : values(flag);
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
