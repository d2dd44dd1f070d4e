import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { BinaryReader } from "google-protobuf";
import type { Board } from "../ssh/board";
import { type ListedImage, pinLabel } from "./image-list";

/** Seconds until containerd must have answered; a board that unpacks images is slow. */
const answerSeconds = 30;

/**
 * The socket that a `ctr` talks to: what it is told by `--address`, else the one that k3s's containerd listens on, else containerd's default.
 *
 * @param command - how ctr is called: `["k3s", "ctr"]`, or `["ctr"]`.
 */
export function socketOf(command: readonly string[]): string {
  const address = command.indexOf("--address");
  if (address >= 0) return command[address + 1] ?? "";
  return command.length > 1 ? "/run/k3s/containerd/containerd.sock" : "/run/containerd/containerd.sock";
}

/**
 * The images in containerd's namespace `k8s.io`, from its API (`containerd.services.images.v1.Images/List`) through the board's connection: no
 * process on the board, where `k3s ctr` alone takes seconds before it asks the same. Rejects where the socket is not reached or does not answer.
 */
export async function listImages(board: Board, socket: string): Promise<ListedImage[]> {
  const channel = await board.forwardSocket(socket);
  const relay = createServer().once("connection", (connection) => {
    pipeline(connection, channel, connection).catch(() => undefined);
  });
  let directory: string | undefined;
  try {
    // gRPC connects by itself, and only to an address: this one leads to the channel
    directory = await mkdtemp(join(tmpdir(), "k3s-board-containerd-"));
    return await ask(`unix:${await listening(relay, join(directory, "socket"))}`);
  } finally {
    relay.close();
    channel.destroy();
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  }
}

function listening(relay: Server, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    relay.once("error", reject);
    relay.listen(path, () => resolve(path));
  });
}

function ask(address: string): Promise<ListedImage[]> {
  const client = new Client(address, credentials.createInsecure(), { "grpc.max_receive_message_length": -1 });
  const metadata = new Metadata();
  metadata.set("containerd-namespace", "k8s.io");
  const deadline = Date.now() + answerSeconds * 1000;
  return new Promise<ListedImage[]>((resolve, reject) => {
    client.makeUnaryRequest(
      "/containerd.services.images.v1.Images/List",
      // a request without filters: an empty message
      () => Buffer.alloc(0),
      readImages,
      undefined,
      metadata,
      { deadline },
      (error, images) => {
        if (error !== null || images === undefined) reject(error ?? new Error("containerd gave no answer"));
        else resolve(images);
      },
    );
  }).finally(() => client.close());
}

/** Fields of containerd's `ListImagesResponse`, `Image` (services/images/v1/images.proto), its map of labels, and `Descriptor` (types/descriptor.proto). */
const field = { images: 1, name: 1, labels: 2, target: 3, key: 1, value: 2, digest: 2 } as const;

/** Reads a `ListImagesResponse`. */
function readImages(message: Uint8Array): ListedImage[] {
  const images: ListedImage[] = [];
  eachField(new BinaryReader(message), {
    [field.images]: (reader) => images.push(readImage(reader)),
  });
  return images;
}

function readImage(reader: BinaryReader): ListedImage {
  const image = { name: "", digest: "", pinned: false };
  nested(reader, {
    [field.name]: () => (image.name = reader.readString()),
    [field.labels]: () => {
      const label = { key: "", value: "" };
      nested(reader, {
        [field.key]: () => (label.key = reader.readString()),
        [field.value]: () => (label.value = reader.readString()),
      });
      if (`${label.key}=${label.value}` === pinLabel) image.pinned = true;
    },
    [field.target]: () => nested(reader, { [field.digest]: () => (image.digest = reader.readString()) }),
  });
  return image;
}

type Fields = Readonly<Record<number, (reader: BinaryReader) => void>>;

function nested(reader: BinaryReader, fields: Fields): void {
  reader.readMessage(reader, () => eachField(reader, fields));
}

/** Calls what reads each field; fields that nobody asks for are skipped. */
function eachField(reader: BinaryReader, fields: Fields): void {
  while (reader.nextField() && !reader.isEndGroup()) {
    const read = fields[reader.getFieldNumber()];
    if (read === undefined) reader.skipField();
    else read(reader);
  }
}
