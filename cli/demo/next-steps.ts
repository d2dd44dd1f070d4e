/** What to try behind the demo. Every line of it works as it stands. */
export const nextSteps = `  Look around
    npm run stack                          outputs, resources, last update
    npm run board -- ssh                   a shell on the board: k3s kubectl get pods -A, journalctl -u k3s
    npm run kubeconfig -- --file k.yaml    then: KUBECONFIG=k.yaml kubectl get nodes
  Change something
    edit Pulumi.dev.yaml (say, k3s.config: { node-label: [demo=yes] }), then
    npm run preview                        what would change, line by line, and what would restart
    npm run up -- --yes
  See drift
    change one of our files on the board (npm run board -- ssh), then npm run preview again
  Take it away
    npm run destroy -- --yes               the board is as it was before
    npm run board -- down                  and now it is gone`;
