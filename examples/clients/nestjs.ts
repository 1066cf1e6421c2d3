/**
 * A client of a NestJS microservice whose connections are raced for: `nestjs.js service.example 3001`
 */
import { ClientProxyFactory, JsonSocket, Transport } from '@nestjs/microservices';
import { RaceSocket } from 'rx-happy-eyeballs';
import { firstValueFrom } from 'rxjs';

/** In place of the socket that Nest hands over, which has not been connected yet. */
class RaceJsonSocket extends JsonSocket {
  constructor() {
    super(new RaceSocket());
  }
}

const [, , host = 'localhost', port = '3000'] = process.argv;

const client = ClientProxyFactory.create({
  transport: Transport.TCP,
  options: { host, port: Number(port), socketClass: RaceJsonSocket },
});
console.log(await firstValueFrom(client.send<number>('sum', [1, 2, 39])));
client.close();
