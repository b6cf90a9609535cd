package io.loomtunnel.cli;

/// The name that a person who mistyped one probably meant: the nearest by edit distance, unless even that is far off.
final class Nearest {
    private final String typed;
    private String best = "";
    private int distance = Integer.MAX_VALUE;

    Nearest(String typed) {
        this.typed = typed;
    }

    /// Compares one name. What was typed may also be its beginning.
    void consider(String name) {
        int distance = typed.length() >= 2 && name.startsWith(typed) ? 1 : distance(typed, name);
        if (distance < this.distance) {
            this.distance = distance;
            best = name;
        }
    }

    /// What to add to a message.
    /// @param dashes before the name
    /// @return empty when nothing is near
    String suggestion(String dashes) {
        boolean near = distance <= Math.max(1, Math.min(typed.length(), best.length()) / 2);
        return near ? ", did you mean " + dashes + best + "?" : "";
    }

    /// How many letters are to be put in, left out, replaced, or swapped with their neighbour to make `a` into `b`.
    static int distance(String a, String b) {
        var older = new int[b.length() + 1];
        var above = new int[b.length() + 1];
        var row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) above[j] = j;
        for (int i = 1; i <= a.length(); i++) {
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = above[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, Math.min(above[j], row[j - 1]) + 1);
                boolean swapped = i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                if (swapped) row[j] = Math.min(row[j], older[j - 2] + 1);
            }
            var free = older;
            older = above;
            above = row;
            row = free;
        }
        return above[b.length()];
    }
}
