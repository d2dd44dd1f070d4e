import { expect, it } from "vitest";
import { bridgeConflist } from "./conflist";

it("a bridge of one node", () => {
  expect(bridgeConflist({ name: "k3s-board", subnet: "10.244.0.0/16", ipMasq: true })).toMatchInlineSnapshot(`
    "{
      "cniVersion": "1.0.0",
      "name": "k3s-board",
      "plugins": [
        {
          "type": "bridge",
          "bridge": "cni0",
          "isDefaultGateway": true,
          "hairpinMode": true,
          "ipMasq": true,
          "ipam": {
            "type": "host-local",
            "ranges": [
              [
                {
                  "subnet": "10.244.0.0/16"
                }
              ]
            ]
          }
        },
        {
          "type": "portmap",
          "capabilities": {
            "portMappings": true
          }
        }
      ]
    }
    "
  `);
});
