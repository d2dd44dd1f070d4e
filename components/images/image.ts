import type { Architecture } from "../board/architecture";

/** What a container image is made for, in OCI's words. */
export interface Platform {
  readonly os: "linux";
  readonly architecture: Architecture;
}

/** The platform of boards of an architecture. */
export function linux(architecture: Architecture): Platform {
  return { os: "linux", architecture };
}

/** An image that lies ready as an OCI layout on this machine. */
export interface BuiltImage {
  /** Digest of the manifest, `sha256:<hex>`: what a registry and containerd know the image by. */
  readonly digest: string;
  /** Digest of the image configuration, `sha256:<hex>`: the image ID that crictl and docker show. */
  readonly configDigest: string;
  /** Directory of the OCI layout. */
  readonly layout: string;
  readonly platform: Platform;
  /** Bytes of all blobs together, as they travel. */
  readonly size: number;
  /** Media type of the manifest. */
  readonly mediaType: string;
  /** The list of its software, where there is one: digest of the index of referrers, and the layout with it. */
  readonly sbom?: { readonly digest: string; readonly layout: string };
}
