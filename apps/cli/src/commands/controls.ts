import type { ScopeOptions, Wish } from "@baton/client";
import type { Command } from "commander";

import { examples } from "../examples.ts";
import { type Globals, globalsOf } from "../globals.ts";

/** `baton kill-switch engage|release`, `incident open|close`, `emergency`, `close-task`, `accept-loss` */
export function register(program: Command): void {
  registerKillSwitch(program);
  registerIncident(program);
  registerEmergency(program);
  registerCloseTask(program);
  registerAcceptLoss(program);
}

interface Asked {
  readonly why: string;
  readonly as?: string;
  readonly timeout: string;
}

/** The options that all of them have. */
function asking(command: Command): Command {
  return command
    .requiredOption("--why <text>", "the reason; it is kept in CONTROLS")
    .option("--as <name>", "who asks (default: the name of your key, see `baton whoami`)")
    .option("--timeout <duration>", "longest wait for the receipt", "10s");
}

async function send(wish: Wish, options: Asked & Globals): Promise<void> {
  const { sendWish } = await import("../controls/send-control.ts");
  await sendWish(wish, options);
}

function registerKillSwitch(program: Command): void {
  const killSwitch = program
    .command("kill-switch")
    .description("stop all orders and promotions at once; letting them go on takes two people");
  asking(killSwitch.command("engage").description("stop all orders and promotions now"))
    .addHelpText(
      "after",
      examples([
        ['baton kill-switch engage --why "bad fills on the exchange"', "one command, no question"],
      ]),
    )
    .action(async (options: Asked, command: Command) => {
      await send({ type: "kill-switch" }, { ...options, ...globalsOf(command) });
    });
  asking(
    killSwitch
      .command("release")
      .description("ask for its release; the second person who asks within an hour releases it"),
  )
    .addHelpText(
      "after",
      examples([['baton kill-switch release --why "fills are right again"', "each of two people"]]),
    )
    .action(async (options: Asked, command: Command) => {
      await send({ type: "release-kill-switch" }, { ...options, ...globalsOf(command) });
    });
}

function registerIncident(program: Command): void {
  const incident = program
    .command("incident")
    .description("freeze a candidate, a lane or everything; what was promoted goes to recovery");
  asking(
    incident
      .command("open")
      .description("open an incident")
      .requiredOption("--class <class>", "A data, B execution or risk, C infrastructure, D drift")
      .option(
        "--candidate <id>",
        "take this candidate to recovery, closed or not, and keep it from any other stage",
      )
      .option(
        "--lane <lane>",
        "freeze who goes to lane-a … lane-f; promoted ones that are there go to recovery",
      )
      .option("--all", "freeze everybody; promoted ones go to recovery"),
  )
    .addHelpText(
      "after",
      examples([
        ['baton incident open --class B --candidate cand-1f2e3d4c5b6a --why "orders twice"', "one"],
        ['baton incident open --class C --lane e --why "GitOps remote is read-only"', "a lane"],
        ['baton incident open --class A --all --why "price feed is stale"', "all"],
      ]),
    )
    .action(async (options: Asked & ScopeOptions & { class: string }, command: Command) => {
      const { incidentClassFrom, scopeFrom } = await import("@baton/client");
      const wish = {
        type: "incident",
        class: incidentClassFrom(options.class),
        scope: scopeFrom(options),
      } as const;
      await send(wish, { ...options, ...globalsOf(command) });
    });
  asking(
    incident
      .command("close")
      .description("close an incident whose candidates have recovered")
      .argument("<incident>"),
  )
    .addHelpText(
      "after",
      examples([
        ['baton incident close inc-1f2e3d4c5b6a --why "feed is back"', "what it froze goes on"],
      ]),
    )
    .action(async (incidentId: string, options: Asked, command: Command) => {
      await send({ type: "close-incident", incidentId }, { ...options, ...globalsOf(command) });
    });
}

function registerEmergency(program: Command): void {
  asking(
    program
      .command("emergency")
      .description("let one strategy be changed outside Git for a while, on an open incident")
      .argument("<incident>")
      .requiredOption("--ticket <ticket>", "of the on-call team's own system")
      .requiredOption("--scope <candidateId>", "the one candidate it is about")
      .requiredOption("--for <duration>", "how long, 1m to 24h; it ends by itself"),
  )
    .addHelpText(
      "after",
      examples([
        [
          'baton emergency inc-1f2e3d4c5b6a --ticket OPS-812 --scope cand-1f2e3d4c5b6a --for 30m --why "no Git"',
          "leaves a task",
        ],
      ]),
    )
    .action(async (incidentId: string, options: Asked & EmergencyOptions, command: Command) => {
      const { candidateIdFrom, durationFrom } = await import("@baton/client");
      const wish = {
        type: "emergency",
        incidentId,
        ticket: options.ticket,
        scope: candidateIdFrom(options.scope),
        seconds: durationFrom(options.for, "for", "1m") / 1000,
      } as const;
      await send(wish, { ...options, ...globalsOf(command) });
    });
}

interface EmergencyOptions {
  readonly ticket: string;
  readonly scope: string;
  readonly for: string;
}

function registerCloseTask(program: Command): void {
  asking(
    program
      .command("close-task")
      .description("say which commit brought an emergency's change to Git")
      .argument("<task>")
      .requiredOption("--commit <sha>", "all 40 hex digits"),
  )
    .addHelpText(
      "after",
      examples([
        [
          'baton close-task task-1f2e3d4c5b6a --commit SHA --why "reviewed and merged"',
          "promotions go on",
        ],
      ]),
    )
    .action(async (taskId: string, options: Asked & { commit: string }, command: Command) => {
      const wish = { type: "close-task", taskId, commit: options.commit } as const;
      await send(wish, { ...options, ...globalsOf(command) });
    });
}

function registerAcceptLoss(program: Command): void {
  asking(
    program
      .command("accept-loss")
      .description(
        "go on from what there is where history is lost for good; two people release the kill switch after that",
      )
      .argument("<loss>", "as the refusal of any command, or the coordinator's log, names it"),
  )
    .addHelpText(
      "after",
      examples([
        [
          'baton accept-loss loss-1f2e3d4c5b6a --why "the disk is gone, the copy is of Monday"',
          "only what is named is accepted",
        ],
      ]) +
        "\nBring the streams back from a copy if there is any: what is lost stays lost. The kill switch is engaged\n" +
        "by this; `baton doctor` lists what runs that no entry accounts for, before two people release it.\n",
    )
    .action(async (loss: string, options: Asked, command: Command) => {
      await send({ type: "accept-loss", loss }, { ...options, ...globalsOf(command) });
    });
}
