/** What would mend an object of the API: a repair's id, and what it needs to know. */
export type ApiRepair =
  | {
      readonly do: "patch-service-selector";
      readonly namespace: string;
      readonly name: string;
      readonly selector: Readonly<Record<string, string>>;
    }
  | {
      readonly do: "patch-service-target-port";
      readonly namespace: string;
      readonly name: string;
      /** The Service's port, by its name where it has one. */
      readonly port: string;
      readonly targetPort: string;
    };
