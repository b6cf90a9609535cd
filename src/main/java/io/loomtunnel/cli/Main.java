package io.loomtunnel.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// The program's entry: finds the command, runs it, and turns its failure into one line and an exit status.
public final class Main {
    private Main() {}

    /// Runs one command, and ends the process with 0 (done), 1 (failure), 2 (usage) or 3 (refused by the server).
    /// @param args the command and its flags
    public static void main(String[] args) {
        System.exit(run(Arrays.asList(args), System.getenv(), new Screen(System.out, System.err)));
    }

    /// Runs one command to its end.
    /// @return the exit status
    static int run(List<String> words, Map<String, String> environment, Screen screen) {
        boolean verbose = words.contains(Flag.VERBOSE.toString());
        try {
            if (words.isEmpty()) throw ExitException.usage("no command; loomtunnel --help lists them");
            if (isHelp(words.getFirst())) return help(words, screen);
            int length = Command.length(words);
            var first = words.getFirst().equals("--version") ? Command.VERSION.word() : String.join(" ", words.subList(0, length));
            var arguments = Arguments.parse(Command.of(first), words.subList(length, words.size()), environment);
            if (arguments.has(Flag.HELP)) {
                screen.print(Help.of(arguments.command()));
                return ExitException.DONE;
            }
            if (arguments.command() != Command.CHECK) arguments = arguments.configured();
            verbose = arguments.has(Flag.VERBOSE);
            LogSetup.install(verbose);
            return run(arguments, screen);
        } catch (ExitException e) {
            screen.warn(e.getMessage());
            if (verbose && e.getCause() != null) e.getCause().printStackTrace(screen.err());
            return e.status();
        } catch (Exception | Error e) {
            screen.warn(e.getClass().getSimpleName() + ", which is a bug: " + Text.reason(e)
                    + (verbose ? "" : " (" + Flag.VERBOSE + " shows where)"));
            if (verbose) e.printStackTrace(screen.err());
            return ExitException.FAILURE;
        }
    }

    private static int run(Arguments arguments, Screen screen) throws Exception {
        return switch (arguments.command()) {
            case SERVER -> new ServerCommand(arguments, screen).run();
            case CLIENT -> new ClientCommand(arguments, screen).run();
            case DOCTOR -> new DoctorCommand(arguments, screen).run();
            case KEYGEN -> new KeygenCommand(arguments, screen).run();
            case TOKEN_CREATE -> new TokenCommand(arguments, screen).create();
            case TOKEN_LIST -> new TokenCommand(arguments, screen).list();
            case TOKEN_REVOKE -> new TokenCommand(arguments, screen).revoke();
            case CHECK -> new CheckCommand(arguments, screen).run();
            case DEMO -> new DemoCommand(arguments, screen).run();
            case VERSION -> {
                screen.say("loomtunnel " + version());
                yield ExitException.DONE;
            }
        };
    }

    private static boolean isHelp(String word) {
        return word.equals("--help") || word.equals("-h") || word.equals("help");
    }

    private static int help(List<String> words, Screen screen) throws ExitException {
        screen.print(words.size() > 1 ? Help.of(Command.of(String.join(" ", words.subList(1, words.size())))) : Help.overall());
        return ExitException.DONE;
    }

    /// The version the build gave us: in the jar's manifest on a class path, in the descriptor as a module.
    static String version() {
        var descriptor = Main.class.getModule().getDescriptor();
        if (descriptor != null) return descriptor.rawVersion().orElse("unknown");
        var version = Main.class.getPackage().getImplementationVersion();
        return version != null ? version : "unknown";
    }
}
